import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createLeases } from "../../src/hub/index.ts";
import { leaseKey } from "../../src/hub/leases/key.ts";

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "keepwarm-leases-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Several programs of one person, on one clock. */
function programs(...hosts: readonly string[]) {
  const directory = stateDirectory();
  // From the system's time on, which the files of others who are just asking bear for a moment.
  const clock = { now: Date.now() };
  const all = hosts.map((host) => createLeases({ stateDirectory: directory, host, now: () => clock.now }));
  const [first, second] = all;
  if (!first || !second) throw new Error("at least two");
  return { directory, clock, all, first, second };
}

const granted = { granted: true };
const heldBy = (host: string) => ({
  granted: false,
  holder: expect.objectContaining({ host, pid: process.pid }),
});

describe("a lease", () => {
  it("is one program's until it gives it back, and says whose it is", async () => {
    const { first, second } = programs("pi", "gateway");
    expect(await first.take("a", 300_000)).toEqual(granted);
    expect(await second.take("a", 300_000)).toEqual(heldBy("pi"));
    expect(await second.take("b", 300_000)).toEqual(granted);
    first.release("a");
    expect(await second.take("a", 300_000)).toEqual(granted);
  });

  it("is renewed by who has it", async () => {
    const { first, second, clock } = programs("pi", "gateway");
    for (let warm = 0; warm < 3; warm++) {
      expect(await first.take("a", 300_000)).toEqual(granted);
      clock.now += 280_000;
    }
    expect(await second.take("a", 300_000)).toEqual(heldBy("pi"));
  });

  it("ends with its time, and who was late finds that it is another's", async () => {
    const { first, second, clock } = programs("pi", "gateway");
    await first.take("a", 300_000);
    clock.now += 300_000;
    expect(await second.take("a", 300_000)).toEqual(granted);
    expect(await first.take("a", 300_000)).toEqual(heldBy("gateway"));
  });

  it("is nobody's when it is from a clock that was wrong", async () => {
    const { first, second, clock } = programs("pi", "gateway");
    clock.now += 86_400_000;
    await first.take("a", 300_000);
    clock.now -= 86_400_000;
    expect(await second.take("a", 300_000)).toEqual(granted);
  });

  it("ends with its process, but not with one that only cannot be seen from here", async () => {
    const { first, second, directory, clock } = programs("pi", "gateway");
    await first.take("a", 300_000);
    const folder = join(directory, "leases");
    const file = join(folder, readdirSync(folder)[0] ?? "");
    const lease = JSON.parse(readFileSync(file, "utf8"));
    const until = new Date(clock.now + 300_000);
    const write = (changed: object) => {
      writeFileSync(file, JSON.stringify({ ...lease, ...changed }));
      utimesSync(file, until, until);
    };
    write({ pid: 999_999_999, machine: "another container" });
    expect(await second.take("a", 300_000)).toMatchObject({ granted: false });
    write({ pid: 999_999_999 });
    expect(await second.take("a", 300_000)).toEqual(granted);
  });

  it("leaves nothing behind that is given back, and sweeps what was left behind", async () => {
    const { first, second, directory, clock } = programs("pi", "gateway");
    const folder = join(directory, "leases");
    await first.take("a", 300_000);
    await first.take("b", 300_000);
    first.releaseAll();
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(join(folder, ".x.1-ab.cd"), "");
    utimesSync(join(folder, ".x.1-ab.cd"), 1, 1);
    writeFileSync(join(folder, "x.1-ab"), "{}");
    clock.now = Date.now() + 3 * 3_600_000;
    await second.take("a", 300_000);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it("is taken anew when somebody has cleared the folder", async () => {
    const { first, second, directory } = programs("pi", "gateway");
    await first.take("a", 300_000);
    rmSync(join(directory, "leases"), { recursive: true });
    expect(await first.take("a", 400_000)).toEqual(granted);
    expect(await second.take("a", 300_000)).toEqual(heldBy("pi"));
  });

  it("is not granted where it cannot be written", async () => {
    const { first, directory } = programs("pi", "gateway");
    writeFileSync(join(directory, "leases"), "a file where the folder should be");
    await expect(first.take("a", 300_000)).rejects.toThrow();
  });

  it("is for its owner alone to read", async () => {
    const { first, directory } = programs("pi", "gateway");
    await first.take("a", 300_000);
    const folder = join(directory, "leases");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, readdirSync(folder)[0] ?? "")).mode & 0o777).toBe(0o600);
  });
});

describe("programs that ask whenever they like", () => {
  it("never have the same lease at once, whatever the order", async () => {
    const asking = fc.record({
      who: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
      lifeMs: fc.constantFrom(7_000, 20_000),
      gives: fc.constantFrom(null, null, 0, 1),
      thenMs: fc.constantFrom(0, 1_000, 6_500, 14_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(asking, { minLength: 3, maxLength: 8 }), async (rounds) => {
        const { all, clock } = programs("a", "b", "c", "d");
        const until = new Map<number, number>();
        for (const { who, lifeMs, gives, thenMs } of rounds) {
          await Promise.all(
            who.map(async (index) => {
              const end = clock.now + lifeMs;
              const answer = await all[index]?.take("a", lifeMs);
              if (answer?.granted !== true) until.delete(index);
              else until.set(index, Math.max(end, until.get(index) ?? 0));
            }),
          );
          expect([...until.values()].filter((end) => end > clock.now).length).toBeLessThanOrEqual(1);
          if (gives !== null) {
            all[gives]?.release("a");
            until.delete(gives);
          }
          clock.now += thenMs;
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it("never have it both when one of them is stopped for a while in the middle of asking", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 3 }),
        async (ticks) => {
          const { all, clock } = programs("a", "b", "c");
          const begun = clock.now;
          const answers = all.map(async (leases, index) => {
            for (let tick = 0; tick < index * 7; tick++)
              await new Promise((resolve) => setImmediate(resolve));
            return leases.take("a", 40_000);
          });
          for (const many of ticks) {
            for (let tick = 0; tick < many; tick++) await new Promise((resolve) => setImmediate(resolve));
            clock.now += 6_000;
          }
          const granted = (await Promise.all(answers)).filter((answer) => answer.granted);
          expect(clock.now - begun).toBeLessThan(35_000);
          expect(granted.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);

  it("are never two in a room, whoever is killed when", async () => {
    const directory = stateDirectory();
    const room = join(directory, "room");
    const said = { entered: 0, "not alone": 0, "lost it": 0 };
    const begin = () => {
      const child = fork(new URL("leasing-process.ts", import.meta.url), [directory, room]);
      child.on("message", (word: keyof typeof said) => void said[word]++);
      return child;
    };
    const children: ChildProcess[] = [begin(), begin(), begin()];
    const end = (child: ChildProcess) =>
      new Promise((resolve) => {
        child.once("exit", resolve);
        child.kill("SIGKILL");
      });
    for (let kills = 0; kills < 8; kills++) {
      const before = said.entered;
      await expect.poll(() => said.entered, { timeout: 20_000 }).toBeGreaterThan(before + 20);
      const [first, ...others] = children.splice(0);
      if (first) await end(first);
      children.push(...others, begin());
    }
    await Promise.all(children.map(end));
    expect(said.entered).toBeGreaterThan(150);
    expect(said["not alone"]).toBe(0);
    expect(said["lost it"]).toBe(0);
  }, 120_000);
});

describe("the key by which prefixes are named", () => {
  it("is made once, whoever comes first, for its owner alone", () => {
    const directory = join(stateDirectory(), "new");
    const key = leaseKey(directory);
    expect(leaseKey(directory)).toBe(key);
    expect(statSync(join(directory, "lease-key")).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(["lease-key"]);
    expect(leaseKey(stateDirectory())).not.toBe(key);
  });

  it("is not replaced where it is damaged: others may go by it", () => {
    const directory = stateDirectory();
    writeFileSync(join(directory, "lease-key"), "short");
    expect(() => leaseKey(directory)).toThrow(/holds no key: remove it/);
  });
});
