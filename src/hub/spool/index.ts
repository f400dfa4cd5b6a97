/** What processes that must not open the store have booked, on its way there. */
export { createIntake, type Intake, type IntakeOptions } from "./intake.ts";
export { lineOf, maySpool, SPOOL_FOLDER } from "./line.ts";
export { withSpools } from "./overlay.ts";
export { createSpool, type Spool, type SpoolOptions } from "./writer.ts";
