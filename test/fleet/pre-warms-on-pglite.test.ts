import { preWarmsOn } from "./pre-warms.ts";
import { PGLITE } from "./world.ts";

preWarmsOn(PGLITE);
