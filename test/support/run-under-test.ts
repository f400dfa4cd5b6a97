/** `keepwarm run` over the stand-in gateway; its arguments are those of `keepwarm run`. */
import { resolve } from "node:path";

// Where keepwarm finds itself when it starts a gateway.
process.argv.splice(1, 1, resolve("test/support/stand-in-gateway.ts"), "run");
await import("../../src/cli.ts");
