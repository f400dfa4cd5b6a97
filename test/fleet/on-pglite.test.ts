import { jobsOn } from "./jobs.ts";
import { PGLITE } from "./world.ts";

jobsOn(PGLITE);
