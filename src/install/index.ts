/** Installs keepwarm in programs that it runs inside, and takes it out again (docs/hosts.md). */
export { MODS_SINCE } from "./claude-code.ts";
export {
  type ConfigEdit,
  type Environment,
  type HostPlugin,
  type Installation,
  InstallError,
  type JsonPath,
} from "./host-plugin.ts";
export { type Done, type FileChange, type InstallOptions, install, uninstall } from "./install.ts";
export { installedPlugin, type PluginState } from "./installed-plugin.ts";
export { builtFiles } from "./plugin-files.ts";
export { HOST_PLUGINS } from "./table.ts";
export { isAtLeast } from "./versions.ts";
