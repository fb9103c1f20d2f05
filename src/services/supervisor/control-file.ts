import { z } from 'zod';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { parseJson } from '../../base/parse-json.ts';
import { errorCode } from '../../base/thrown.ts';
import { readWhole } from '../../platform/read-whole.ts';

const word = z.string().min(1);

const serviceSchema = z.object({
  name: word,
  command: word,
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  cwd: word,
  logFile: word,
  pidFile: word,
  healthUrl: z.string().exactOptional(),
});

const controlFileSchema = z.object({ services: z.array(serviceSchema) });

/** One process the sandbox keeps alive: what a service is where there is no Docker. */
export type SupervisedService = z.infer<typeof serviceSchema>;

/** Reads `{"services": […]}`. The file holds connection URLs, so no failure repeats its text. */
export async function readControlFile(path: string): Promise<Outcome<readonly SupervisedService[]>> {
  let text: string;
  try {
    text = String(await readWhole(path));
  } catch (error) {
    const code = errorCode(error);
    return fail({
      code: code === 'ENOENT' ? 'not-found' : 'denied',
      message: `Cannot read the control file ${path} of the services.`,
      remedy: 'Check the path under services in the runbook and who may read it.',
      retry: 'after-fix',
      detail: String(code),
    });
  }
  const read = controlFileSchema.safeParse(parseJson(text));
  if (read.success) return succeed(read.data.services);
  return fail({
    code: 'invalid-input',
    message: `The control file ${path} does not list services with name, command, args, env, cwd, logFile and pidFile.`,
    remedy: 'Build the sandbox again.',
    retry: 'after-fix',
  });
}
