import { ci } from './ci/main.ts';

process.exitCode = await ci(process.argv.slice(2));
