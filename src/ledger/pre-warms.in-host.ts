/** Nothing is pre-warmed from inside another program. */
export const PRE_WARM = "";
export const PRE_WARM_PREFIX = "";
export const bookPreWarm: typeof import("./pre-warms.ts").bookPreWarm = () => {};
