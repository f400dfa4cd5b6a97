/** A setting, or the file that holds it, is wrong: the person's to put right. One line a problem. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
