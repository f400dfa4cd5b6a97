/** A captured request in memory: as it was while it may be needed any moment, compressed while it waits. */
import { type CapturedRequest, headerPairs, headerValue } from "../anthropic/index.ts";
import { packed, unpacked } from "./packing.ts";

/** Less is not worth the work, in bytes. */
const WORTH_PACKING = 65_536;

export class HeldRequest {
  readonly #request: Omit<CapturedRequest, "body">;
  #body: Uint8Array;
  #packed = false;

  constructor({ body, ...request }: CapturedRequest) {
    this.#request = request;
    this.#body = body;
  }

  /** Memory that its body takes, in bytes. */
  get bytes(): number {
    return this.#body.length;
  }

  get isPacked(): boolean {
    return this.#packed;
  }

  /** The request as it was captured; null once its body is compressed. */
  get unpacked(): CapturedRequest | null {
    return this.#packed ? null : { ...this.#request, body: this.#body };
  }

  /** Compresses the body, unless it already is or would hardly shrink. Never rejects. */
  async pack(): Promise<void> {
    const body = this.#body;
    const isCoded = headerValue(headerPairs(this.#request.headers), "content-encoding") !== null;
    if (this.#packed || isCoded || body.length < WORTH_PACKING) return;
    const smaller = await packed(body);
    if (smaller === null || this.#packed || smaller.length > body.length * 0.9) return;
    this.#body = smaller;
    this.#packed = true;
  }

  /** The request as it was captured, byte for byte. */
  async unpack(): Promise<CapturedRequest> {
    const body = this.#packed ? await unpacked(this.#body) : this.#body;
    return { ...this.#request, body };
  }
}
