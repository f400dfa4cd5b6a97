import { preWarmsOn } from "./pre-warms.ts";
import { POSTGRES } from "./world.ts";

preWarmsOn(POSTGRES);
