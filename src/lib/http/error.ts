/** `unreachable`: no connection; `stalled`, `truncated`: the answer broke off; `refused`: we do not follow. */
type HttpTrouble = 'unreachable' | 'stalled' | 'truncated' | 'refused';

/** Why a request got no whole answer. Tested in test/lib/http/http.test.ts. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly trouble: HttpTrouble;

  constructor(trouble: HttpTrouble, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.trouble = trouble;
  }
}
