/**
 * What a gateway may do with what it is given.
 *
 * - A request that is HTTP reaches the upstream as the client sent it, and what is answered reaches the client as the
 *   upstream sent it: start line, end-to-end headers in their order and spelling, body, trailers, and whether it was
 *   whole.
 * - A request that is no HTTP is answered 4xx or cut off, and no whole request of it is sent on. So is one that breaks
 *   off.
 * - An answer that is no HTTP is a 502. One that stops being HTTP in its body is cut off there.
 */
import { answerOf, methodOf, type Seen } from "./course.ts";
import type { Made, MadeResponse } from "./messages.ts";
import { endToEnd, type Message, readMessage } from "./reading.ts";

export interface Exchanges {
  readonly direct: Seen | null;
  readonly passed: Seen;
  /** What was answered to the request before this one, which may still be coming in. */
  readonly before: MadeResponse | null;
}

/** Null: it did what it may; otherwise what it did not. */
export function judge(
  request: Made,
  response: MadeResponse,
  { direct, passed, before }: Exchanges,
): string | null {
  return judgeRequest(request, passed, before) ?? judgeAnswer(request, response, { direct, passed });
}

function judgeRequest(request: Made, { arrived, answer }: Seen, before: MadeResponse | null): string | null {
  const sent = readMessage(request.bytes, { isOver: true });
  const isExpected = request.isSure && request.isWhole;
  if (arrived.length === 0) {
    // What follows an answer that is no HTTP is taken for one to the next request of its connection.
    const isMistaken = before?.isSure === false && answer.startsWith("HTTP/1.1 502 ");
    if (isExpected) return isMistaken ? null : "a request did not arrive";
    return answer === "" || /^HTTP\/1\.1 4\d\d /.test(answer) ? null : "an answer to what never arrived";
  }
  if (!request.isSure) return null;
  if (sent === null || !sent.isComplete) return "a request arrived that was not whole";
  for (const message of arrived) {
    const difference = differenceOf(sent, message);
    if (difference !== null) return `the request: ${difference}`;
  }
  return null;
}

function judgeAnswer(
  request: Made,
  response: MadeResponse,
  { direct, passed }: { readonly direct: Seen | null; readonly passed: Seen },
): string | null {
  if (direct === null || passed.arrived.length === 0) return null;
  const method = methodOf(request);
  const [told, heard] = [answerOf(direct, method), answerOf(passed, method)];
  if (heard === null) return "no answer";
  const isRefused =
    heard.startLine.startsWith("HTTP/1.1 502 ") &&
    (method === "HEAD" || heard.body.includes("could not be reached"));
  if (isRefused && (!response.isSure || !response.isWhole || response.afterwards === "reset")) return null;
  if (told === null) return response.isSure ? "an answer where there was none" : null;
  const isOld = request.bytes.includes(" HTTP/1.0\r\n");
  if (response.isSure && response.isWhole && response.afterwards !== "reset") {
    const difference = differenceOf(told, heard);
    if (difference !== null) return `the answer: ${difference}`;
    if (told.isComplete !== heard.isComplete)
      return `the answer is ${heard.isComplete ? "whole" : "cut off"}`;
    return null;
  }
  // It broke off, or was no HTTP: what came is what was sent, and it is not taken for the whole.
  if (!told.body.startsWith(heard.body) && response.isSure && response.afterwards !== "reset") {
    return "the answer has a body of its own";
  }
  if (response.isSure && !told.isComplete && heard.isComplete && !isOld && told.framing !== "close") {
    return "an answer that broke off is whole";
  }
  if (response.isSure && response.afterwards === "end" && !told.isComplete && told.body !== heard.body) {
    return `the answer lost ${told.body.length - heard.body.length} bytes`;
  }
  return null;
}

function differenceOf(expected: Message, actual: Message): string | null {
  const [one, other] = [startOf(expected.startLine), startOf(actual.startLine)];
  if (one !== other) return `${JSON.stringify(other)} instead of ${JSON.stringify(one)}`;
  const headers = JSON.stringify(endToEnd(expected.headers));
  // A request that has neither length nor coding has a body of length 0 where its method may have one.
  const isUnframed = expected.framing === "none" && !headers.toLowerCase().includes("content-length");
  const actualHeaders = endToEnd(actual.headers).filter(
    ([name, value]) => !(isUnframed && name === "Content-Length" && value === "0"),
  );
  if (JSON.stringify(actualHeaders) !== headers)
    return `headers ${JSON.stringify(actualHeaders)} instead of ${headers}`;
  if (expected.body !== actual.body)
    return `${actual.body.length} instead of ${expected.body.length} bytes, or others`;
  const isPassed = expected.framing === "chunks" && actual.framing === "chunks";
  if (isPassed && JSON.stringify(expected.trailers) !== JSON.stringify(actual.trailers)) return "trailers";
  return null;
}

/** Versions are of each connection; the run of a path stays here. */
function startOf(line: string): string {
  return line
    .replace(/^HTTP\/1\.\d /, "")
    .replace(/ HTTP\/1\.\d$/, "")
    .replace(/ \/~keepwarm\/run\/[\w.-]+(\/)?/, " /");
}
