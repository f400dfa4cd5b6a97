import { Command } from "commander";
import { withExamples } from "./examples.ts";
import { runningGateway } from "./gateway.ts";

export function consoleCommand(): Command {
  const command = new Command("console")
    .description("print the link to the console, the running gateway's web page, or open it")
    .option("--open", "open it in the browser", false)
    .action(async ({ open }: { open: boolean }) => {
      const link = await linkOfRunning();
      console.log(link);
      if (!open) return;
      const { openLink } = await import("./open-link.ts");
      await openLink(link);
    });
  return withExamples(
    command,
    ["keepwarm console", "open it in a browser of this machine; it is yours alone, like a password"],
    ["keepwarm console --open", "opened, and told to no other program on the way"],
  );
}

const OFF =
  "the running gateway serves no page: end it with keepwarm stop, and start it without --no-console (keepwarm config says who set it)";

/** @throws a sentence with what to do, when there is no page to link to */
async function linkOfRunning(): Promise<string> {
  const [client, { consoleLink, readToken }, { stateDirectory }] = await Promise.all([
    runningGateway(),
    import("../hub/index.ts"),
    import("../storage/index.ts"),
  ]);
  const { page } = (await client.status()).gateway;
  if (!page) throw new Error(OFF);
  const token = await readToken(stateDirectory());
  if (token === null) throw new Error("the control token is gone: end the gateway and start it anew");
  return consoleLink(client.record.controlUrl, token);
}
