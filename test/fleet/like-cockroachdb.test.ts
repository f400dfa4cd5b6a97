import { jobsOn } from "./jobs.ts";
import { LIKE_COCKROACHDB } from "./world.ts";

jobsOn(LIKE_COCKROACHDB);
