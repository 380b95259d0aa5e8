/* document: writes the generated documents of the API into a folder: docs/api. */
#include "contract.h"
#include "ctl.h"
#include "openapi.h"
#include "socius/endpoint.h"

int
document_run(struct ctl *ctl)
{
	const char *folder = options_needed(ctl, "--to");
	const char *conninfo = options_needed(ctl, "--conninfo");
	const struct contract *contract;
	struct arena *arena = &ctl->arena;

	options_end(ctl);
	contract = contract_load(&app, conninfo);
	files_write(arena, arena_print(arena, "%s/openapi.json", folder),
	    openapi_write(&app, contract, arena), 0644);
	files_write(arena, arena_print(arena, "%s/problems.md", folder),
	    openapi_problems(&app, arena), 0644);
	files_write(
	    arena, arena_print(arena, "%s/roles.md", folder), openapi_roles(&app, arena), 0644);
	return 0;
}
