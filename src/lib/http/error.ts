/** `unreachable`: no connection; `stalled`, `truncated`: the response stopped or ended early; `refused`: by taskgate's rules. */
type HttpTrouble = 'unreachable' | 'stalled' | 'truncated' | 'refused';

/** Why a request got no complete response. Tested in test/lib/http/http.test.ts. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly trouble: HttpTrouble;

  constructor(trouble: HttpTrouble, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.trouble = trouble;
  }
}
