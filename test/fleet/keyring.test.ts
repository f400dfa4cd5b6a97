import { describe, expect, it } from "vitest";
import {
  boundTo,
  createCredentials,
  createKeyring,
  KeyringError,
  newFleetKey,
  type Parcel,
  pack,
  stripCredential,
  unpack,
} from "../../src/fleet/index.ts";

const PARCEL: Parcel = {
  url: "https://api.anthropic.com/v1/messages",
  headers: [["anthropic-version", "2023-06-01"]],
  carrier: "x-api-key",
  body: Buffer.from("the prompt, byte for byte \u0000\u00ff"),
  usage: { inputTokens: 10, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 9 },
  settings: { warmTokens: 1, ttl5mMs: 6_000 },
};

describe("what is stored", () => {
  it("comes back as it was, byte for byte", async () => {
    const keyring = createKeyring(newFleetKey());
    const bound = boundTo("prefix", "revision");
    const parcel = await unpack(await pack(PARCEL, keyring, bound), keyring, bound);
    expect(parcel).toEqual({ ...PARCEL, body: expect.anything() });
    expect(Buffer.from(parcel.body).equals(Buffer.from(PARCEL.body))).toBe(true);
  });

  it("cannot pass for another prefix, nor for another version of its own", async () => {
    const keyring = createKeyring(newFleetKey());
    const sealed = await pack(PARCEL, keyring, boundTo("prefix", "1"));
    for (const bound of [boundTo("prefix", "2"), boundTo("other", "1")]) {
      await expect(unpack(sealed, keyring, bound)).rejects.toThrow(KeyringError);
    }
  });

  it("cannot be changed unnoticed, nor read without its key", async () => {
    const keyring = createKeyring(newFleetKey());
    const sealed = await pack(PARCEL, keyring, "here");
    for (const at of [0, 20, sealed.bytes.length - 1]) {
      const bytes = Uint8Array.from(sealed.bytes);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await expect(unpack({ ...sealed, bytes }, keyring, "here")).rejects.toThrow(KeyringError);
    }
    await expect(unpack(sealed, createKeyring(newFleetKey()), "here")).rejects.toThrow(
      "not among KEEPWARM_FLEET_KEY",
    );
  });

  it("is encrypted anew each time", () => {
    const keyring = createKeyring(newFleetKey());
    const plain = Buffer.from("the same");
    expect(keyring.seal(plain, "").bytes).not.toEqual(keyring.seal(plain, "").bytes);
  });
});

describe("a key", () => {
  it.each(["", " , ", "c2hvcnQ=", `${newFleetKey()},nonsense`])("that is none is refused: %j", (text) => {
    expect(() => createKeyring(text)).toThrow(KeyringError);
  });

  it("is never repeated in what is said of it", () => {
    const secret = Buffer.alloc(31, 7).toString("base64");
    expect(() => createKeyring(secret)).toThrow(/^((?!BwcH).)*$/);
  });

  it("has its own fingerprints, which say nothing without it", () => {
    const [first, second] = [newFleetKey(), newFleetKey()];
    const [one, other] = [createKeyring(first), createKeyring(second)];
    expect(one.fingerprint("sk-ant-api03-a")).not.toBe(other.fingerprint("sk-ant-api03-a"));
    expect(one.fingerprint("sk-ant-api03-a")).not.toBe(one.fingerprint("sk-ant-api03-b"));
    expect(createKeyring(`${second} ${first}`).fingerprint("x", one.ids[0])).toBe(one.fingerprint("x"));
  });
});

describe("a credential", () => {
  it("is taken out, with everything else that lets somebody in", () => {
    const stripped = stripCredential([
      ["x-api-key", "sk-ant-api03-secret"],
      ["anthropic-beta", "one,two"],
      ["cookie", "session=secret"],
      ["x-portkey-api-key", "secret"],
      ["x-amz-security-token", "secret"],
      ["anthropic-version", "2023-06-01"],
    ]);
    expect(stripped).toEqual({
      headers: [
        ["anthropic-beta", "one,two"],
        ["anthropic-version", "2023-06-01"],
      ],
      carrier: "x-api-key",
      secret: "sk-ant-api03-secret",
    });
  });

  it("is the same whichever way it is carried", () => {
    const bearer = stripCredential({ authorization: "Bearer sk-ant-api03-secret" });
    expect(bearer).toMatchObject({ carrier: "bearer", secret: "sk-ant-api03-secret" });
  });

  it.each([
    ["a person's subscription", { authorization: "Bearer sk-ant-oat01-secret" }],
    ["a signature", { authorization: "AWS4-HMAC-SHA256 Credential=secret" }],
    ["none", { "anthropic-version": "2023-06-01" }],
    ["two", { authorization: "Bearer sk-ant-api03-one", "x-api-key": "sk-ant-api03-two" }],
  ])("is refused where it is %s, in words without it", (_, headers) => {
    const stripped = stripCredential(headers);
    expect(stripped).toEqual({ problem: expect.stringMatching(/^It.*\.$/) });
    expect(JSON.stringify(stripped)).not.toContain("secret");
  });

  it("is found by what any of the fleet's keys made of it", () => {
    const [first, second] = [newFleetKey(), newFleetKey()];
    const before = createKeyring(first).fingerprint("sk-ant-api03-a");
    const credentials = createCredentials(
      "sk-ant-api03-a, sk-ant-api03-b",
      createKeyring(`${second},${first}`),
    );
    expect(credentials.fingerprints).toHaveLength(4);
    expect(credentials.secretFor(before)).toBe("sk-ant-api03-a");
    expect(credentials.secretFor("another")).toBeUndefined();
  });
});
