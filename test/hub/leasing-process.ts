/**
 * Takes a lease again and again and, while it has it, is alone in a room or says that it is not.
 * `node leasing-process.ts <state directory> <room>`
 */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createLeases, isProcessAlive } from "../../src/hub/index.ts";

const [directory = "", room = ""] = process.argv.slice(2);
const leases = createLeases({ stateDirectory: directory, host: "robot" });

/** False: somebody alive is in there. */
function enter(): boolean {
  try {
    const file = openSync(room, "wx");
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch {
    const inside = Number(readFileSync(room, "utf8"));
    // Killed in there, or not yet written down.
    if (inside > 0 && isProcessAlive(inside)) return false;
    rmSync(room, { force: true });
    return enter();
  }
}

process.on("disconnect", () => process.exit());
for (;;) {
  const answer = await leases.take("prefix", 60_000);
  if (answer.granted) {
    process.send?.(enter() ? "entered" : "not alone");
    await sleep(Math.random() * 4);
    // Held on to for a while, as from warm to warm.
    if (Math.random() < 0.3) {
      const again = await leases.take("prefix", 60_000);
      if (!again.granted) process.send?.("lost it");
    }
    rmSync(room, { force: true });
    leases.release("prefix");
  }
  await sleep(Math.random() * 4);
}
