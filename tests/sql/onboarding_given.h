/*
 * onboarding_given: programmes that ask for something, applicants and their documents, made through
 * the API's own functions.
 */
#ifndef TESTS_ONBOARDING_GIVEN_H
#define TESTS_ONBOARDING_GIVEN_H

/* A programme that asks for these, blank-separated: "identity vehicle". */
const char *given_programme(int market_id, const char *kind, const char *requirements);

/* A partner whom an operator enrolled under this programme at SQL_NOW. */
const char *given_applicant(int market_id, const char *kind, const char *programme_id);

/* Statements of the API for a partner's own call; `now` is a timestamp in text. A document's file
 * follows from `file`; expires_on may be NULL. */
const char *document_call(int market_id, const char *partner_id, const char *document_id,
    const char *kind, const char *file, const char *expires_on, const char *now);
const char *review_call(int market_id, const char *document_id, const char *decision,
    const char *reason, const char *now);
const char *bank_call(
    int market_id, const char *partner_id, const char *iban, const char *version, const char *now);

/* A document submitted at SQL_NOW, and one that was verified then; expires_on may be NULL. */
const char *given_document(
    int market_id, const char *partner_id, const char *kind, const char *expires_on);
const char *given_verified(
    int market_id, const char *partner_id, const char *kind, const char *expires_on);

/* Where an enrolment, a document and a requirement (at `now`) stand. */
const char *enrolment_state(const char *partner_id, const char *kind);
const char *document_state(const char *document_id);
const char *requirement_state(
    int market_id, const char *partner_id, const char *requirement, const char *now);

/* One step of the job that expires documents, as the runner. */
void expire_documents(int market_id, const char *now);

/* How many events of a kind there are in a partner's feed. */
int events_of(const char *partner_id, const char *kind);

#endif
