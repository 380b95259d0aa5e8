-- A word that SQL has taken makes a bad name in the document.
alter type api."authorization" rename to consent;
