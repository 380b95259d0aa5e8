/*
 * log: one JSON object a line on standard error, whatever the input.
 */
#ifndef SOCIUS_LOG_H
#define SOCIUS_LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Fields are pairs of name and printf-free text, ended by NULL:
 * log_line(LOG_LEVEL_WARN, "link.lost", "error", message, NULL). Values are JSON-escaped. */
void log_line(enum log_level level, const char *what, ...) __attribute__((sentinel));

/* Says one clear line on standard error and exits with 1: for what the machine or its settings do.
 */
void log_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
