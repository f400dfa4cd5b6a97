export { type AttachedRun, type Controlled, type NamedRun, Refused } from "./controlled.ts";
export { builtPage } from "./page.ts";
export { type ControlServer, type ControlServerOptions, createControlServer } from "./server.ts";
