import { hash } from 'node:crypto';

/** SHA-256 of a file as it is, in hex. */
export function rawChecksum(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex');
}
