/** Where an installation is when nobody said otherwise. */

export const usualManage = 'http://127.0.0.1:7080'
export const usualServer = 'http://127.0.0.1:7000/_wmcs'
