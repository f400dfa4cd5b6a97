/** The fleet's keys: what is stored is encrypted with the newest, and read with whichever wrote it. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

export class KeyringError extends Error {
  override readonly name = "KeyringError";
}

/** What was encrypted, and with which key. */
export interface Sealed {
  readonly keyId: string;
  readonly bytes: Uint8Array;
}

export interface Keyring {
  /** Of every key, the newest first. */
  readonly ids: readonly string[];
  /** @param bound what it belongs to: bytes moved to another place cannot be opened there */
  seal(plain: Uint8Array, bound: string): Sealed;
  /** @throws {KeyringError} for an unknown key, and for bytes that were changed or moved */
  open(sealed: Sealed, bound: string): Uint8Array;
  /** Tells secrets apart without telling what they are. @param keyId the newest key, where it is left out */
  fingerprint(secret: string, keyId?: string): string;
}

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Key {
  readonly id: string;
  readonly encrypting: Buffer;
  readonly fingerprinting: Buffer;
}

/** A new key, as `KEEPWARM_FLEET_KEY` takes it. */
export function newFleetKey(): string {
  return randomBytes(KEY_BYTES).toString("base64");
}

/**
 * @param text keys in base64, the newest first, with commas, spaces or lines between them
 * @throws {KeyringError} which never repeats a key
 */
export function createKeyring(text: string): Keyring {
  const keys = text
    .split(/[\s,]+/)
    .filter((word) => word !== "")
    .map(keyOf);
  const [newest] = keys;
  if (newest === undefined) throw new KeyringError("there is no key in it");

  function byId(id: string): Key {
    const key = keys.find((one) => one.id === id);
    if (key === undefined) {
      throw new KeyringError(`it was encrypted with the key ${id}, which is not among KEEPWARM_FLEET_KEY`);
    }
    return key;
  }

  return {
    ids: keys.map(({ id }) => id),
    seal(plain, bound) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", newest.encrypting, iv).setAAD(Buffer.from(bound));
      const body = [cipher.update(plain), cipher.final()];
      return { keyId: newest.id, bytes: Buffer.concat([iv, cipher.getAuthTag(), ...body]) };
    },
    open({ keyId, bytes }, bound) {
      const { encrypting } = byId(keyId);
      const sealed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      try {
        const decipher = createDecipheriv("aes-256-gcm", encrypting, sealed.subarray(0, IV_BYTES));
        decipher.setAAD(Buffer.from(bound));
        decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
      } catch {
        throw new KeyringError("it cannot be decrypted: it was changed, or belongs elsewhere");
      }
    },
    fingerprint(secret, keyId = newest.id) {
      return createHmac("sha256", byId(keyId).fingerprinting).update(secret).digest("hex").slice(0, 24);
    },
  };
}

function keyOf(word: string): Key {
  const raw = Buffer.from(word, "base64");
  if (raw.length !== KEY_BYTES || !/^[\w+/=-]+$/.test(word)) {
    throw new KeyringError("each key must be 32 bytes in base64, such as keepwarm fleet key makes");
  }
  const derived = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync("sha256", raw, "", `keepwarm fleet ${purpose}`, bytes));
  return {
    id: derived("key id", 4).toString("hex"),
    encrypting: derived("encryption", KEY_BYTES),
    fingerprinting: derived("fingerprint", KEY_BYTES),
  };
}
