import { Command } from "commander";
import { withExamples } from "./examples.ts";
import { runningGateway } from "./gateway.ts";

export function consoleCommand(): Command {
  const command = new Command("console")
    .description("print the link to the console, the running gateway's web page")
    .action(async () => {
      const [client, { consoleLink, readToken }, { stateDirectory }] = await Promise.all([
        runningGateway(),
        import("../hub/index.ts"),
        import("../storage/index.ts"),
      ]);
      const { page } = (await client.status()).gateway;
      if (!page) throw new Error(OFF);
      const token = await readToken(stateDirectory());
      if (token === null) throw new Error("the control token is gone: end the gateway and start it anew");
      console.log(consoleLink(client.record.controlUrl, token));
    });
  return withExamples(command, [
    "keepwarm console",
    "open it in a browser of this machine; it is yours alone, like a password",
  ]);
}

const OFF =
  "the running gateway serves no page: end it with keepwarm stop, and start it without --no-console (keepwarm config says who set it)";
