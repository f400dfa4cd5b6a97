/** Inside another program days are not merged: the hub does that, once it has taken them in. */
export const rollUp: typeof import("./roll-up.ts").rollUp = async () => {};
