import { describe, expect, it } from "vitest";
import { goesElsewhere, routeOf, runIdFor, runPath } from "../../src/gateway/runs.ts";

describe("the path of a request", () => {
  it.each([
    ["/v1/messages?beta=true", null, "/v1/messages?beta=true"],
    ["/", null, "/"],
    ["*", null, "*"],
    ["/~keepwarm/run/", null, "/~keepwarm/run/"],
    ["/~keepwarm/run/abc", "abc", "/"],
    ["/~keepwarm/run/abc?x=1", "abc", "/?x=1"],
    ["/~keepwarm/run/abc/v1/messages?beta=true", "abc", "/v1/messages?beta=true"],
    ["/~keepwarm/run/abc/api/hello", "abc", "/api/hello"],
    // The Vercel AI SDK takes its base URL to end in /v1.
    ["/~keepwarm/run/abc/messages", "abc", "/v1/messages"],
    ["/~keepwarm/run/abc/messages/count_tokens?x", "abc", "/v1/messages/count_tokens?x"],
    ["/~keepwarm/run/abc/messagesque", "abc", "/messagesque"],
    // Where a run goes elsewhere, that upstream was chosen for the paths its client asks for.
    ["/~keepwarm/run/abc-elsewhere/messages", "abc-elsewhere", "/messages"],
    ["/~keepwarm/run/a/b\nc", "a", "/b\nc"],
    ["/x/~keepwarm/run/abc/v1/messages", null, "/x/~keepwarm/run/abc/v1/messages"],
  ])("%j belongs to run %j and goes on as %j", (url, runId, path) => {
    expect(routeOf(url)).toEqual({ runId, path });
  });

  it("names a run, and whether that run goes elsewhere", () => {
    const id = runIdFor("abc", true);
    expect(routeOf(`${runPath(id)}/v1/messages`).runId).toBe(id);
    expect(goesElsewhere(id)).toBe(true);
    expect(goesElsewhere(runIdFor("abc", false))).toBe(false);
  });
});
