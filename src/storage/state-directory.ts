/** Where keepwarm keeps what outlives a process. */
import { homedir } from "node:os";
import { posix, resolve, win32 } from "node:path";

/**
 * The folder of a person's keepwarm files; nothing is created here.
 *
 * `KEEPWARM_HOME`, else the platform's: `$XDG_STATE_HOME/keepwarm` or `~/.local/state/keepwarm`,
 * `~/Library/Application Support/keepwarm`, `%LOCALAPPDATA%\keepwarm`. An empty variable counts as
 * unset, and so does a relative XDG_STATE_HOME (XDG Base Directory Specification 0.8, "Basics").
 */
export function stateDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (env.KEEPWARM_HOME) return resolve(env.KEEPWARM_HOME);
  if (platform === "win32") {
    return win32.join(env.LOCALAPPDATA || win32.join(home, "AppData", "Local"), "keepwarm");
  }
  if (platform === "darwin") return posix.join(home, "Library", "Application Support", "keepwarm");
  const stateHome = env.XDG_STATE_HOME ?? "";
  return posix.join(
    posix.isAbsolute(stateHome) ? stateHome : posix.join(home, ".local", "state"),
    "keepwarm",
  );
}
