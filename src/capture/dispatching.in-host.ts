/** Inside another program warms go out from there. A function that a bundler sees is empty. */
export function dispatching(): undefined {}
