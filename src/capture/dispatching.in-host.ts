/** Inside another program warms go out from there. */
export const dispatching: typeof import("./dispatching.ts").dispatching = () => undefined;
