/** What the stand-in does wrong on purpose: each may be set in its environment. */
export const misbehaviours = {
  version: process.env['STAND_IN_NGROK_VERSION'] ?? '3.36.1',
  /**
   * `html`, `empty`, `foreign` or `silent` instead of the documented answer; `lies`: somebody else holds its port, and names
   * an address of his own; `endpoints`: an agent without the old `/api/tunnels`.
   */
  api: process.env['STAND_IN_NGROK_API'],
  /** Megabytes of log before it begins, and as much on stderr. */
  logMb: Number(process.env['STAND_IN_NGROK_LOG_MB'] ?? 0),
  /** Cannot reach the service. */
  unreachable: process.env['STAND_IN_NGROK_UNREACHABLE'] !== undefined,
  /** Ends by an error of this text after that long. */
  endsAfterMs: Number(process.env['STAND_IN_NGROK_ENDS_AFTER_MS'] ?? 0),
  endsWith: process.env['STAND_IN_NGROK_ENDS_WITH'] ?? 'session closed: the session has expired',
  /** Kills itself after that long. */
  diesAfterMs: Number(process.env['STAND_IN_NGROK_DIES_AFTER_MS'] ?? 0),
  /** Reports another address after that long. */
  movesAfterMs: Number(process.env['STAND_IN_NGROK_MOVES_AFTER_MS'] ?? 0),
  /** How SIGUSR2 cuts the session: `eof` (the connection ends) or `silence` (heartbeats are missed). */
  cut: process.env['STAND_IN_NGROK_CUT'] ?? 'eof',
  /** Number of an error whose page the public end answers in place of the endpoint. */
  page: Number(process.env['STAND_IN_NGROK_PAGE'] ?? 0),
  /** A file that gets a line for each request, or TCP connection, at the public end: what the account pays for. */
  requests: process.env['STAND_IN_NGROK_REQUESTS'],
};
