/** Colour and weight in what commands print. Only a terminal gets them; NO_COLOR and FORCE_COLOR decide first. */
import { styleText } from "node:util";

export type Style = "bold" | "dim" | "green" | "yellow" | "red";

export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

export const bold = (text: string) => styled("bold", text);
export const dim = (text: string) => styled("dim", text);
export const green = (text: string) => styled("green", text);
export const yellow = (text: string) => styled("yellow", text);
export const red = (text: string) => styled("red", text);
