/** Draws `docs/demo.svg` from what the demo really prints. */
import { writeFileSync } from "node:fs";
import { stripVTControlCharacters, styleText } from "node:util";
import { runDemo } from "../src/demo/index.ts";

// The picture keeps the colours that a terminal would show.
process.env.FORCE_COLOR = "1";

const CHARACTER_PX = 7.8;
const LINE_PX = 19;
const MARGIN_PX = 24;

const colours: Readonly<Record<string, string>> = {
  [codeOf("yellow")]: "#e3b341",
  [codeOf("green")]: "#56d364",
  [codeOf("dim")]: "#8b949e",
  [codeOf("bold")]: "#ffffff",
};

function codeOf(style: "yellow" | "green" | "dim" | "bold"): string {
  return styleText(style, "x", { validateStream: false }).split("x")[0] ?? "";
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** A line has one style at most, from somewhere in it to its end. */
function textElement(line: string, row: number): string {
  const code = Object.keys(colours).find((candidate) => line.includes(candidate));
  const plain = stripVTControlCharacters(line);
  const from =
    code === undefined ? plain.length : stripVTControlCharacters(line.slice(0, line.indexOf(code))).length;
  const y = MARGIN_PX + (row + 1) * LINE_PX;
  const styled = `<tspan fill="${colours[code ?? ""] ?? "#c9d1d9"}">${escaped(plain.slice(from))}</tspan>`;
  return `<text x="${MARGIN_PX}" y="${y}" xml:space="preserve">${escaped(plain.slice(0, from))}${styled}</text>`;
}

const printed: string[] = [];
await runDemo({ ttl5mMs: 2_500, print: (text) => printed.push(...text.split("\n")) });
const columns = Math.max(...printed.map((line) => stripVTControlCharacters(line).length));
const width = Math.ceil(columns * CHARACTER_PX + 2 * MARGIN_PX);
const height = (printed.length + 1) * LINE_PX + 2 * MARGIN_PX;
const label =
  "The keepwarm demo: without keepwarm every return writes 50,000 tokens again; with it, every return reads them.";
writeFileSync(
  new URL("../docs/demo.svg", import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
<rect width="100%" height="100%" rx="10" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" fill="#c9d1d9">
${printed.map(textElement).join("\n")}
</g>
</svg>
`,
);
