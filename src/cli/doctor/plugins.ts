/** Whether the plugins that were installed are still in place, and of this keepwarm. */
import { HOST_PLUGINS, type HostPlugin, installedPlugin } from "../../install/index.ts";
import { type Finding, good, note, wrong } from "./finding.ts";

export function pluginFindings(
  directory: string,
  version: string,
  plugins: readonly HostPlugin[] = HOST_PLUGINS,
): Finding[] {
  return plugins.flatMap(({ id, title }) => {
    const about = `plugin for ${title}`;
    const anew = `keepwarm install ${id}`;
    const plugin = installedPlugin(directory, id);
    if (plugin.state === "none") return [];
    if (plugin.state === "broken") {
      return [wrong(about, plugin.why, `${anew} puts it right, keepwarm uninstall ${id} takes it out`)];
    }
    return plugin.version === version
      ? [good(about, "installed")]
      : [note(about, `it is that of keepwarm ${plugin.version}`, anew)];
  });
}
