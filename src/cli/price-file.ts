/** A person's own prices, laid over those that keepwarm ships with. */
import type { PriceTable } from "../anthropic/index.ts";
import { UsageError } from "./errors.ts";

/** Undefined where none is set: the shipped ones apply. @throws {UsageError} naming what is wrong with the file */
export async function pricesFrom(file: string | undefined): Promise<PriceTable | undefined> {
  if (file === undefined) return undefined;
  const [{ readFile }, { pricesWith }] = await Promise.all([
    import("node:fs/promises"),
    import("../anthropic/index.ts"),
  ]);
  try {
    return pricesWith(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    throw new UsageError(
      `the prices in ${file} cannot be used: ${error instanceof Error ? error.message : error}`,
    );
  }
}
