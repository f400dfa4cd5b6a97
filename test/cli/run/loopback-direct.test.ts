import { expect, it } from "vitest";
import { loopbackDirect } from "../../../src/cli/run/loopback-direct.ts";

it("leaves an environment without a proxy alone", () => {
  expect(loopbackDirect({ NO_PROXY: "example.com", HTTP_PROXY: "" }, "127.0.0.1")).toEqual({});
});

it.each(["HTTP_PROXY", "https_proxy", "ALL_PROXY"])("keeps requests to this machine out of %s", (name) => {
  const hosts = "example.com,.corp,10.0.0.1,127.0.0.1,localhost,::1";
  const env = { [name]: "http://proxy:8080", NO_PROXY: "example.com", no_proxy: "example.com, .corp" };
  expect(loopbackDirect(env, "10.0.0.1")).toEqual({ NO_PROXY: hosts, no_proxy: hosts });
});
