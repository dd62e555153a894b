import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What it does besides answering `/info`: nothing, or it ends at its start with these last words. */
export type SmallMaster = {
  readonly lastWords?: string;
  /** How long it then runs before it ends, as one that has migrated its database. */
  readonly afterMs?: number;
  /** How long it takes until it listens. */
  readonly readyAfterMs?: number;
};

/**
 * A stand-in for the program determined-master, as far as its supervisor sees one: its command line, the port of its
 * configuration, its ready line and `GET /info`. It needs no database. Gives its path; its root lies beside it.
 */
export const writeSmallMaster = async (
  dir: string,
  { lastWords, afterMs = 0, readyAfterMs = 0 }: SmallMaster = {},
): Promise<string> => {
  const path = join(dir, 'determined-master');
  await mkdir(join(dir, 'share/determined/master/static'), { recursive: true });
  const end = lastWords && `console.error(${JSON.stringify(lastWords)}); process.exit(1);`;
  const begin = end && afterMs > 0 ? `setTimeout(() => { ${end} }, ${afterMs}); return;` : end;
  const code = `#!${process.execPath}
${begin ?? ''}
const { readFileSync } = require('node:fs');
const text = readFileSync(process.argv[process.argv.indexOf('--config-file') + 1], 'utf8');
const port = Number(/^port: (\\d+)/m.exec(text)[1]);
const server = require('node:http')
  .createServer((request, response) => {
    response.writeHead(request.url === '/info' ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ version: '0.38.1', cluster_id: 'aa', cluster_name: '', sso_providers: null }));
  });
setTimeout(() => server.listen(port, () => console.log('accepting incoming connections on port ' + port)), ${readyAfterMs});
process.on('SIGTERM', () => process.exit(0));
`;
  await writeFile(path, code);
  await chmod(path, 0o755);
  return path;
};
