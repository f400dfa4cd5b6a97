export {
  type AttachedRun,
  type Controlled,
  type ControlledFleet,
  type NamedRun,
  Refused,
  type Watcher,
} from "./controlled.ts";
export { builtPage } from "./page.ts";
export { type ControlServer, type ControlServerOptions, createControlServer } from "./server.ts";
