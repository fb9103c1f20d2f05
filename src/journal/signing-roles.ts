/** Beside the schema of entries and not in it: the command line names these roles, and is there before zod is loaded. */
export const signingRoles = ['commander', 'operator', 'witness', 'approver'] as const;
export type SigningRole = (typeof signingRoles)[number];
