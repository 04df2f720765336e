/**
 * In how many milliseconds a server that does not answer must have led to a coded error. The promise
 * is 6 s, to which the soak holds it, since its files run alone. Beside other files on a shared
 * machine only "does not hang" can be asked.
 */
export const IN_TIME_MS = process.env['GODWIT_SOAK'] ? 6_000 : 20_000;
