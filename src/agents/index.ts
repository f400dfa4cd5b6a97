export {
  type Agent,
  CannotPointError,
  type Destination,
  type Environment,
  type Inside,
  type Invocation,
  type Launch,
  type Pointing,
} from "./agent.ts";
export { anyProgram } from "./any-program.ts";
export {
  type InstalledAgent,
  type InstalledProgram,
  installedAgents,
  installedProgram,
} from "./installed.ts";
export { type ProgramFile, programFile } from "./program-file.ts";
export { type Recognised, recognise } from "./recognise.ts";
export { AGENTS } from "./table.ts";
