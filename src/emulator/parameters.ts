import { isObject, type JsonObject, textOf } from "./json.ts";
import type { MessagesRequest } from "./request.ts";

/** `thinking.type`, or what leaving it out stands for on this model. */
export function thinkingMode(request: MessagesRequest): string {
  return textOf(thinkingOf(request).type) || request.spec.thinkingWhenOmitted;
}

/** `thinking.budget_tokens`; null when it is not a number. */
export function thinkingBudget(request: MessagesRequest): number | null {
  const budget = thinkingOf(request).budget_tokens;
  return typeof budget === "number" ? budget : null;
}

export interface ToolChoice {
  readonly type: string;
  readonly name: string;
  readonly serial: boolean;
}

/** `tool_choice`; leaving it out is `auto`. */
export function toolChoice(request: MessagesRequest): ToolChoice {
  const choice = objectAt(request, "tool_choice");
  return {
    type: textOf(choice.type) || "auto",
    name: textOf(choice.name),
    serial: choice.disable_parallel_tool_use === true,
  };
}

/** Whether the model must call a tool. */
export function forcesTool(choice: ToolChoice): boolean {
  return choice.type === "any" || choice.type === "tool";
}

/** `output_config.format`, or the older top-level `output_format`; null when there is none. */
export function outputFormat(request: MessagesRequest): JsonObject | null {
  const format = objectAt(request, "output_config").format ?? request.body.output_format;
  return isObject(format) ? format : null;
}

/** `output_config.effort`; saying the model's default is the same as saying nothing. */
export function effort(request: MessagesRequest): string {
  return textOf(objectAt(request, "output_config").effort) || request.spec.defaultEffort;
}

/** An object-valued parameter; empty when it is left out. */
export function objectAt(request: MessagesRequest, name: string): JsonObject {
  const value = request.body[name];
  return isObject(value) ? value : {};
}

function thinkingOf(request: MessagesRequest): JsonObject {
  return objectAt(request, "thinking");
}
