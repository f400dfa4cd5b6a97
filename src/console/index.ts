export { type AttachedRun, type Controlled, type NamedRun, Refused, UNNAMED_PREFIX } from "./controlled.ts";
export { type ControlServer, type ControlServerOptions, createControlServer } from "./server.ts";
