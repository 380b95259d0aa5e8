/*
 * render: writes a template of conf/ with the settings filled in.
 */
#ifndef APP_CTL_RENDER_H
#define APP_CTL_RENDER_H

#include "ctl.h"

/* Every @NAME@ in the file `from` becomes settings_value(NAME); the result is written to `to`.
 * Dies at a name that is no setting. */
void render(struct ctl *ctl, const char *from, const char *to);

#endif
