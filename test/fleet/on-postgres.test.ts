import { jobsOn } from "./jobs.ts";
import { POSTGRES } from "./world.ts";

jobsOn(POSTGRES);
