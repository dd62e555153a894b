import { vm } from './vm/main.ts';

process.exitCode = await vm(process.argv.slice(2));
