/** Inside another program nobody else sends: its warms go by its own timers. Functions that a bundler sees are empty. */
export function isHandedOver(): void {}
export function takeBack(): void {}
export function failElsewhere(): void {}
