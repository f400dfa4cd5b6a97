/** Where there is no zlib: what is held stays as it is. */

export async function packed(): Promise<Uint8Array | null> {
  return null;
}

export async function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  return bytes;
}
